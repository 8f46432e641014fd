# %% [markdown]
# # 9. Reading a diagnosis
#
# **Claim.** TODO
#
# ## Break it
